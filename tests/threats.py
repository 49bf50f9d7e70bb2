"""Every threat that was thought of, and the tests that prove its defence. `python -m tests.threats` writes THREATS.md.

The numbers are those of the plan. To add a threat, add a line; to add a proof, add its test's id.
"""

from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).parent / "THREATS.md"
HEAD = """# Threats, and the tests that prove the defence

Written by `python -m tests.threats` from `tests/threats.py`; a test keeps both equal.

| | what somebody tries | proved by |
|---|---|---|
"""


@dataclass(frozen=True)
class Threat:
    """What somebody tries, in plain words, and what shows that it fails."""

    told: str
    proofs: tuple[str, ...] = ()
    """Tests: `test_file::test_name`, below `tests/`."""
    open: str = ""
    """What of it does not exist yet, or is not done, and why."""


def _t(told: str, *proofs: str, open: str = "") -> Threat:
    return Threat(told, proofs, open)


THREATS: dict[str, Threat] = {
    "T01": _t(
        "Somebody opens Streamlit's socket without a cookie and runs a page past the sign-in.",
        "test_addresses::test_who_is_nobody_sees_the_sign_in_page_alone",
        "screens/test_door::test_signed_out_every_screen_is_the_sign_in_page_and_asks_the_database_nothing",
        "screens/test_door::test_a_screen_that_is_run_past_the_shell_stands_behind_the_door_too",
    ),
    "T02": _t(
        "A page of another site, or of another port of this machine, opens a socket.",
        "test_addresses::test_a_socket_that_another_site_opens_is_refused",
        "test_live_lines::test_a_page_of_another_site_hears_nothing",
    ),
    "T03": _t(
        "A name of somebody else's leads a browser to us (DNS rebinding).",
        "test_web::test_local_mode_answers_to_no_other_name",
        "test_web::test_sockets_under_a_foreign_name_are_refused_too",
        "test_arrivals::test_it_answers_to_no_other_name",
        "test_addresses::test_every_answer_to_anything_carries_the_headers_that_protect_it",
    ),
    "T04": _t(
        "A header says who somebody is, sent straight to our port.",
        "test_start::test_a_header_counts_behind_a_proxy_and_nowhere_else",
        "test_start::test_the_application_itself_refuses_to_start_open_to_others",
        "test_sign_in::test_without_a_sign_in_of_its_own_it_refuses_to_listen_to_others",
        "test_addresses::test_what_is_private_stays_closed_to_whoever_is_nobody",
    ),
    "T05": _t(
        "A sign-in cookie is changed, forged, or used without the token against forged requests.",
        "test_addresses::test_no_cookie_of_which_a_letter_was_changed_opens_anything",
        "test_addresses::test_who_is_nobody_sees_the_sign_in_page_alone",
        "browser/test_sign_in::test_a_cookie_that_was_changed_or_is_nobodys_opens_nothing",
    ),
    "T06": _t(
        "A sign-in is replayed, or its answer is of another state, nonce, issuer, client, or signed by nobody.",
        "test_issuer::test_any_other_token_signs_nobody_in",
        "test_issuer::test_an_answer_to_another_question_signs_nobody_in",
        "browser/test_sign_in::test_a_callback_that_was_used_signs_nobody_in_again",
        "browser/test_sign_in::test_a_forged_callback_signs_nobody_in",
    ),
    "T07": _t(
        "Somebody who left goes on with the cookie they have.",
        "browser/test_sign_in::test_who_is_switched_off_is_out_on_the_open_tab_on_pictures_and_on_the_socket",
        "browser/test_sign_in::test_who_signs_out_is_out_in_every_tab_and_so_is_a_copy_of_the_cookie",
        "test_sign_in::test_a_sign_in_counts_for_its_hours_and_no_longer",
        "test_people::test_a_media_link_of_somebody_who_is_switched_off_ends",
        "test_out::test_every_screen_of_who_is_switched_off_is_closed_and_no_other",
    ),
    "T08": _t(
        "After signing in a browser is sent to another site.",
        "test_arrivals::test_a_forged_cookie_leads_nowhere",
        "test_arrivals::test_a_query_is_never_more_than_a_query",
    ),
    "T09": _t(
        "A colleague asks for what is not theirs by its id.",
        "test_strangers::test_no_verb_lets_a_stranger_reach_anything_by_its_id",
        "test_addresses::test_what_is_private_tells_somebody_else_nothing",
        "test_addresses::test_what_is_not_yours_and_what_is_not_there_are_told_in_the_same_words",
        "test_access::test_yours_is_found_and_anything_else_is_not_there_in_the_same_words",
    ),
    "T10": _t(
        "A part of somebody's conversation is asked for under one's own.",
        "test_strangers::test_no_verb_lets_a_stranger_reach_anything_by_its_id",
        "test_leaks::test_a_part_of_somebody_elses_is_not_reached_through_ones_own",
        "test_live_lines::test_somebody_elses_conversation_is_not_there",
    ),
    "T11": _t(
        "Somebody else's image is used as source, mask or reference.",
        "test_strangers::test_a_stranger_cannot_use_an_image_in_any_role",
        "screens/test_create::test_an_image_that_is_not_mine_is_not_there_and_the_box_still_works",
    ),
    "T12": _t(
        "Sending a file tells whether somebody else has it.",
        "test_uploads::test_the_same_bytes_of_somebody_else_are_an_image_of_their_own",
    ),
    "T13": _t(
        "Words of somebody else's come through a list, a search, an export, a title or an error.",
        "test_leaks::test_nobody_else_meets_it_by_any_verb",
        "test_leaks::test_nobody_else_finds_it_by_looking_for_it",
        "test_addresses::test_no_screen_shows_anything_of_somebody_elses",
        "test_addresses::test_what_is_private_tells_somebody_else_nothing",
        "test_ledger_export::test_a_colleagues_calls_do_not_leave",
        "test_analytics::test_nobody_counts_what_they_do_not_see",
    ),
    "T14": _t(
        "A reader of a link writes or removes something by it.",
        "test_leaks::test_with_a_link_alone_nothing_is_written_but_openings_and_verdicts",
        "test_leaks::test_a_link_is_nobody_to_every_verb",
        "test_shared_page::test_whatever_is_sent_a_link_writes_verdicts_openings_and_nothing_else",
    ),
    "T15": _t(
        "A link shows more than its conversation: other ones, hidden prompts, costs, names.",
        "test_sharing::test_nothing_but_this_conversation_is_behind_a_link",
        "test_sharing::test_what_the_owner_hides_is_not_in_what_the_page_gets",
        "test_shared_page::test_another_conversations_picture_cannot_be_reached",
        "test_shared_page::test_what_the_owner_hides_is_not_in_the_page",
        "test_shared_page::test_whoever_has_the_link_reads_without_signing_in",
    ),
    "T16": _t(
        "A link that ended, was revoked, or lies in the trash still shows its pictures.",
        "test_shared_page::test_a_revoked_link_takes_its_pictures_with_it_at_once",
        "test_shared_page::test_a_trashed_conversation_is_gone_and_back_when_it_is_restored",
        "test_sharing::test_a_link_ends_after_thirty_days_unless_told_otherwise",
        "browser/test_walk::test_from_words_to_a_link_that_is_gone",
    ),
    "T17": _t(
        "Tokens and passwords of links are guessed.",
        "test_shared_page::test_guesses_are_slowed_down_and_others_still_read",
        "test_shared_page::test_wrong_passwords_are_slowed_down_for_the_link_however_many_addresses_try",
        "test_shared_page::test_passwords_tried_at_the_same_time_are_as_few_as_one_after_the_other",
        "test_shared_page::test_whatever_opens_nothing_is_one_and_the_same_page",
        "test_shared_page::test_guesses_are_counted_for_operators",
        "test_alerts::test_there_is_an_alert_for_all_that_matters",
    ),
    "T18": _t(
        "Somebody who reads the database has working links.",
        "test_sharing::test_only_the_hash_of_a_token_is_kept",
    ),
    "T19": _t(
        "A link's token is told to other sites, or written into a log.",
        "test_shared_page::test_the_token_is_in_no_log",
        "test_shared_page::test_the_page_is_not_kept_not_found_and_runs_nothing",
        "test_log::test_access_lines_never_show_the_token_of_a_link",
        "browser/test_share::test_the_page_asks_no_other_site_for_anything",
    ),
    "T20": _t(
        "The address of a picture is changed: token, person, end, image.",
        "test_media::test_a_changed_token_opens_nothing",
        "test_access::test_every_changed_letter_of_a_token_is_refused",
        "test_access::test_a_made_up_token_is_refused_whatever_it_holds",
        "test_access::test_a_token_ends_after_one_to_two_days",
        "test_addresses::test_what_a_token_opens_no_other_token_does",
    ),
    "T21": _t(
        "A key that was replaced goes on opening pictures.",
        "test_access::test_a_token_of_another_secret_is_refused",
        "test_access::test_a_key_that_was_replaced_opens_what_it_signed_and_signs_nothing_more",
        "test_access::test_a_key_that_was_taken_away_opens_nothing",
        "test_access::test_what_an_old_key_signed_ends_when_it_would_have_ended",
    ),
    "T22": _t(
        "Names of files, prompts, titles and models lead out of their folder.",
        "test_names::test_an_upload_lies_where_its_ids_say_whatever_its_file_is_called",
        "test_names::test_a_zip_of_pictures_with_such_prompts_unpacks_into_one_flat_folder",
        "test_names::test_no_such_name_is_a_model_an_image_or_a_conversation",
        "test_disk::test_no_made_up_name_is_let_in",
        "test_store::test_a_name_that_is_not_ours_is_refused_by_every_method",
        "test_media::test_no_prompt_can_break_out_of_the_download_name",
        "test_addresses::test_no_name_in_an_address_leads_anywhere",
        "test_web::test_nothing_but_scripts_and_styles_of_the_folder_is_served",
    ),
    "T23": _t(
        "A link is planted in the store's folder.",
        "test_disk::test_a_planted_link_is_not_followed_to_a_file",
        "test_disk::test_a_planted_link_is_not_followed_to_a_folder",
        "test_media::test_a_file_that_a_link_took_the_place_of_is_not_followed",
    ),
    "T24": _t(
        "A file pretends to be a picture, or a picture carries a page, a script or an archive.",
        "test_hostile_pictures::test_only_pixels_of_what_pretends_are_kept_and_shown",
        "test_media::test_browsers_keep_a_picture_and_treat_it_as_nothing_but_a_picture",
    ),
    "T25": _t(
        "A script stands in a prompt, a caption, a title, a name, a provider's error, an address.",
        "browser/test_hostile_words::test_everything_is_shown_letter_by_letter",
        "browser/test_hostile_words::test_an_address_writes_nothing_into_a_screen",
        "test_addresses::test_every_answer_to_anything_carries_the_headers_that_protect_it",
    ),
    "T26": _t(
        "A text makes a reader's browser ask another site.",
        "browser/test_hostile_words::test_everything_is_shown_letter_by_letter",
        "browser/test_share::test_the_page_asks_no_other_site_for_anything",
    ),
    "T27": _t(
        "A text becomes a link that runs or leads away.",
        "browser/test_hostile_words::test_everything_is_shown_letter_by_letter",
        "browser/test_hostile_words::test_an_address_writes_nothing_into_a_screen",
    ),
    "T28": _t(
        "A spreadsheet calculates a text of an export.",
        "test_ledger_export::test_no_text_is_a_formula",
        "test_config::test_streamlit_is_set_to_what_keeps_it_closed",
        "browser/test_analytics_page::test_no_button_above_a_table_saves_it_as_it_stands",
    ),
    "T29": _t(
        "An address from outside makes our server ask somebody inside.",
        "test_provider_troubles::test_a_redirect_is_not_followed",
        "test_provider_troubles::test_an_address_in_an_answer_is_not_fetched",
        open="Nobody can hand in an address: pictures come as files and in answers; operators alone name servers.",
    ),
    "T30": _t(
        "A proxy named by the environment sees calls to providers.",
        "test_provider_troubles::test_no_proxy_of_the_environment_sees_a_call",
    ),
    "T31": _t(
        "A key gets into a log, an error, a row, a file, an export.",
        "test_keys_stay::test_a_key_that_vendors_repeat_gets_nowhere",
        "test_keys_stay::test_a_key_that_is_used_gets_nowhere_but_to_its_vendor",
        "test_provider_troubles::test_a_key_that_the_vendor_repeats_is_not_shown",
        "test_settings::test_a_secret_is_not_shown_when_settings_are_printed",
        "test_log::test_the_message_of_an_error_stays_out_of_the_log",
        "test_database::test_an_error_of_the_database_does_not_repeat_what_was_to_be_written",
    ),
    "T32": _t(
        "What breaks shows something from inside.",
        "test_addresses::test_what_breaks_shows_nothing_from_inside",
        "test_config::test_streamlit_is_set_to_what_keeps_it_closed",
        "test_web::test_errors_become_sentences_and_unforeseen_ones_a_number",
    ),
    "T33": _t(
        "A small file unpacks to more pixels than there is memory.",
        "test_pictures::test_a_bomb_is_refused_from_its_header",
    ),
    "T34": _t(
        "A small file has endless frames, notes, profiles or scans.",
        "test_hostile_pictures::test_a_bomb_is_kept_as_one_small_picture_or_refused_and_costs_little",
        "test_pictures::test_a_jpeg_of_thousands_of_scans_is_refused",
        "test_pictures::test_an_animation_is_kept_whole_and_shown_by_its_first_frame",
        "test_apart::test_a_picture_that_takes_too_much_is_refused_and_the_next_one_is_kept",
    ),
    "T35": _t(
        "A damaged file makes a decoder write where it must not.",
        "test_picture_fuzz::test_a_damaged_picture_is_kept_or_refused",
        "test_apart::test_a_picture_that_breaks_its_decoder_is_refused_and_the_next_one_is_kept",
        "test_apart::test_pictures_beside_one_that_breaks_its_decoder_are_kept",
        "test_apart::test_a_decoder_reaches_no_file_and_nobody",
        "test_apart::test_a_decoder_is_told_nothing_of_our_environment",
        "test_apart::test_nothing_of_one_picture_is_there_for_the_next_one",
    ),
    "T36": _t(
        "A file of another format reaches one of the library's forty decoders.",
        "test_hostile_pictures::test_no_other_format_of_the_library_gets_in",
        "test_hostile_pictures::test_what_only_looks_like_another_format_is_not_opened",
        "test_pictures::test_other_formats_are_refused",
    ),
    "T37": _t(
        "Uploads are too large, too many, without a length, or in somebody else's name.",
        "test_uploads::test_more_than_25_mb_is_refused_and_told_so",
        "test_uploads::test_a_length_beyond_reason_is_refused_before_anything_is_sent",
        "test_uploads::test_a_form_with_many_files_is_refused",
        "test_uploads::test_another_site_cannot_upload_in_somebodys_name",
        "test_addresses::test_files_for_streamlit_are_taken_from_nobody",
        "test_quota::test_what_has_no_room_is_refused_and_leaves_nothing",
        "test_quota::test_uploads_at_once_do_not_overshoot",
    ),
    "T38": _t(
        "A place, a name or a comment in a photo reaches somebody.",
        "test_pictures::test_nothing_hidden_survives_cleaning",
        "test_uploads::test_nothing_that_hides_in_a_file_is_kept",
    ),
    "T39": _t(
        "Another site changes something in somebody's name, or a mere look does.",
        "test_addresses::test_another_site_changes_nothing_in_somebodys_name",
        "test_addresses::test_looking_changes_nothing",
        "test_shared_page::test_another_site_cannot_send_the_form",
        "test_shared_page::test_a_form_of_another_link_is_not_taken",
        "test_parcels::test_a_form_of_another_site_is_refused",
    ),
    "T40": _t(
        "Streamlit's agent API, its static files or its figures stand open.",
        "test_config::test_streamlit_is_set_to_what_keeps_it_closed",
        "test_addresses::test_no_program_drives_the_screens",
        "test_addresses::test_what_is_for_operators_is_closed_to_whoever_comes_through_a_proxy",
        "test_web::test_operators_addresses_are_closed_to_other_machines",
    ),
    "T41": _t(
        "A page of ours is shown inside another one, or a file is taken for what it is not.",
        "test_addresses::test_every_answer_to_anything_carries_the_headers_that_protect_it",
        "test_media::test_browsers_keep_a_picture_and_treat_it_as_nothing_but_a_picture",
        open="Streamlit shows parts of its own in frames, so frames are refused to other sites, not to ourselves.",
    ),
    "T42": _t(
        "Somebody asks without end and spends all there is.",
        "test_budgets::test_fifty_at_once_never_overshoot",
        "test_budgets::test_at_the_cap_an_ask_is_refused_and_leaves_nothing",
        "test_fairness::test_fifty_asks_at_once_keep_to_the_limit",
        "test_fairness::test_no_more_than_the_limit_is_asked_within_a_minute",
    ),
    "T43": _t(
        "A prompt that is not allowed is sent, or the check of it fails open.",
        "test_screening::test_what_is_flagged_is_sent_nowhere_and_says_why",
        "test_screening::test_what_nobody_could_look_at_is_sent_nowhere",
        "test_screening::test_an_odd_answer_is_no_yes",
        "test_rules::test_a_word_that_was_banned_meanwhile_is_not_tried_again",
    ),
    "T44": _t(
        "A clock that is wrong, or a store that is not there, empties the studio.",
        "test_retention::test_more_than_a_fourth_of_everything_does_not_go_at_once",
        "test_retention::test_nothing_goes_while_the_store_is_not_there",
        "test_retention::test_nothing_goes_from_a_store_that_is_another_one",
        "test_retention::test_after_a_long_silence_the_first_night_waits_for_the_next",
    ),
}


def document() -> str:
    """The table, as it is read."""
    rows = (f"| {name} | {threat.told} | {_told(threat)} |\n" for name, threat in THREATS.items())
    return HEAD + "".join(rows)


def _told(threat: Threat) -> str:
    proofs = [f"`{proof}`" for proof in threat.proofs]
    return "<br>".join([*proofs, *([f"Open: {threat.open}"] if threat.open else [])])


if __name__ == "__main__":
    DOCUMENT.write_text(document())
