/** Answers a request of a page, or returns null at once where it is none of its own. */
export type Handler = (event: FetchEvent) => Promise<Response> | null
