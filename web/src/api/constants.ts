// Written by `python -m infra generate` from the API and the product. Do not edit.

/** In characters. */
export const SHORTEST_PASSWORD = 10
export const LONGEST_PASSWORD = 256

/** Of so many uploads at most one request asks whether they have arrived. */
export const MOST_COMPLETED = 500

/** Of so many items at most one request signs the addresses of the originals. */
export const MOST_ORIGINALS = 200

/** Of the renditions, in pixels, the smallest first. A photo that is smaller has none larger than itself. */
export const RENDITION_HEIGHTS = [240, 480, 1440] as const

// How names of files end, as pinhole-upload has them too.
export const PHOTO_NAMES = '.heic .heif .hif .avif .jxl .webp .tif .tiff .dng .cr2 .cr3 .nef .arw .raf .rw2 .orf'.split(' ')
export const VIDEO_NAMES = '.mov .m4v .mts .m2ts .mkv .avi .3gp'.split(' ')
/** What programs and services write beside photos: edits, ratings, dates. Nothing reads them yet. */
export const SIDECAR_NAMES = '.xmp .aae .json .pp3 .dop .thm'.split(' ')
/** Known to be of neither photos nor videos. */
export const OTHER_NAMES = '.txt .md .rtf .pdf .doc .docx .odt .xls .xlsx .ods .csv .ppt .pptx .odp .htm .html .xml .log .ini .db .url .lnk .mp3 .m4a .aac .wav .flac .ogg .opus .zip .rar .7z .gz .tar .iso .exe .dll .js .css .py'.split(' ')
