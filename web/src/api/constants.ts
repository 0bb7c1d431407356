// Written by `python -m infra generate` from the API and the product. Do not edit.

/** In characters. */
export const SHORTEST_PASSWORD = 10
export const LONGEST_PASSWORD = 256

/** Of so many uploads at most one request asks whether they have arrived. */
export const MOST_COMPLETED = 500

/** Of the renditions, in pixels, the smallest first. A photo that is smaller has none larger than itself. */
export const RENDITION_HEIGHTS = [240, 480, 1440] as const
