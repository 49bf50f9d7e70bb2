"""What screens share: the frame around each, words, cards, the ask box, browser components."""
