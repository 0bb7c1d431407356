// Written by `python -m infra generate` from the API and the product. Do not edit.

/** In characters. */
export const SHORTEST_PASSWORD = 10
export const LONGEST_PASSWORD = 256

/** Of so many uploads at most one request asks whether they have arrived. */
export const MOST_COMPLETED = 500

/** Of so many items at most one request signs the addresses of the originals. */
export const MOST_ORIGINALS = 200

/** Of what is said of photos, in characters; of keywords, each and how many. */
export const LONGEST_TITLE = 500
export const LONGEST_DESCRIPTION = 10000
export const LONGEST_KEYWORD = 100
export const MOST_KEYWORDS = 100

/** Of these years on photos may be, and so many milliseconds ahead of UTC at most, by the clock on the wall. */
export const FIRST_YEAR = 1826
export const MOST_AHEAD_MS = 86400000
export const LONGEST_SHIFT_SECONDS = 6324480000

/** Of the renditions, in pixels, the smallest first. A photo that is smaller has none larger than itself. */
export const RENDITION_HEIGHTS = [240, 480, 1440] as const

// How names of files end, as pinhole-upload has them too.
export const PHOTO_NAMES = '.heic .heif .hif .avif .jxl .webp .tif .tiff .dng .cr2 .cr3 .nef .arw .raf .rw2 .orf'.split(' ')
export const VIDEO_NAMES = '.mov .m4v .mts .m2ts .mkv .avi .3gp'.split(' ')
/** What programs and services write beside photos: edits, ratings, dates. Nothing reads them yet. */
export const SIDECAR_NAMES = '.xmp .aae .json .pp3 .dop .thm'.split(' ')
/** Known to be of neither photos nor videos. */
export const OTHER_NAMES = '.txt .md .rtf .pdf .doc .docx .odt .xls .xlsx .ods .csv .ppt .pptx .odp .htm .html .xml .log .ini .db .url .lnk .mp3 .m4a .aac .wav .flac .ogg .opus .zip .rar .7z .gz .tar .iso .exe .dll .js .css .py'.split(' ')
