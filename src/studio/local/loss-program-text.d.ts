/** loss-program.ts with all that it imports, as the text of one module. scripts/bundle-programs.mjs writes it. */
export const program: string;
