/** To the worker, with a port for the `SavingNews` of it: a ZIP of this name will be asked for at `/saving/{id}/{name}`. */
export type SavingBegins = { saving: string; name: string }
/** To the worker, with a port for a boolean: does it have this one still? */
export type SavingAsked = { saving: string; name?: undefined }

/** By the port: some more of the ZIP, its end, or that it will never be whole. */
export type SavingPiece = Uint8Array | 'end' | 'broken'
/** By the port: it may be asked for; the browser has asked for it; it takes another piece; it wants no more of it. */
export type SavingNews = 'ready' | 'begun' | 'more' | 'cancelled'
