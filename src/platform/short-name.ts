/** A name that needs no escapes in a URL, a label or a file name: of a variant, or of the place of a list. */
export const shortName = /^[A-Za-z0-9_-]{1,64}$/;
/** What a short name is, for errors. */
export const shortNameText = '1 to 64 letters (a to z), digits, _ and -';
