"""A log of changes that database triggers fill, so that read copies can follow the database."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Empty tables; the triggers that fill the log are set after every upgrade, see `core.changes`.

    On Postgres a sequence alone loses rows of transactions that finish out of order, so there a row carries its
    transaction's number. On SQLite the order is safe, and the nonce tells a restored file from the one that was read.
    """
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TABLE change_log (seq bigint GENERATED ALWAYS AS IDENTITY, "
            "xid xid8 NOT NULL DEFAULT pg_current_xact_id(), ent smallint NOT NULL, "
            "row_id varchar(32) NOT NULL, owner varchar(32), at timestamptz NOT NULL DEFAULT clock_timestamp(), "
            "CONSTRAINT pk_change_log PRIMARY KEY (xid, seq))"
        )
    else:
        op.execute(
            "CREATE TABLE change_log (seq INTEGER PRIMARY KEY AUTOINCREMENT, ent INTEGER NOT NULL, "
            "row_id VARCHAR(32) NOT NULL, owner VARCHAR(32), at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, "
            "nonce INTEGER NOT NULL DEFAULT (random()))"
        )
    op.execute("CREATE TABLE change_mark (name VARCHAR(16) NOT NULL PRIMARY KEY, value VARCHAR(64) NOT NULL)")
    op.execute("INSERT INTO change_mark (name, value) VALUES ('epoch', ''), ('trimmed', '0')")
