/** Width / height for each ratio code: the inverse of `round(50 · log2(width / height)) + 128`. */
export const ratioOfCode: Float64Array = Float64Array.from({ length: 256 }, (_, code) => 2 ** ((code - 128) / 50))
