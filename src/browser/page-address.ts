/** The address that relative addresses of models and modules are resolved against: that of the page. */
let address: string | undefined = globalThis.location?.href;

/** The address of the page or, in a worker that a page started from text (start-worker.ts), of that page; undefined outside browsers. */
export const pageAddress = (): string | undefined => address;

/** Called once by a worker that was started from text: its own address is that of a blob, which resolves nothing. */
export function setPageAddress(page: string | undefined): void {
  address = page;
}
