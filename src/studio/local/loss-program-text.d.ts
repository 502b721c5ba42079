/** loss-program.ts with all that it imports, as the text of one module. scripts/bundle-threads.mjs writes it. */
export const program: string;
