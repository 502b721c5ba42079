/** The version of taurec, as in package.json: browsers read no files. */
export const version: string = '0.1.0';
