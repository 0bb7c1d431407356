import type { GridShape } from './gridLayout'

/** How tall rows are, and how far apart everything lies, on a page so wide. Pixels. */
export function gridShape(width: number): GridShape {
  const isPhone = width < 600
  return {
    width,
    targetHeight: isPhone ? 108 : width < 1100 ? 184 : 224,
    gap: isPhone ? 3 : 4,
    headingHeight: isPhone ? 56 : 68,
    sectionGap: isPhone ? 12 : 20,
    besideGap: isPhone ? 14 : 28,
    besideWidth: isPhone ? 168 : 236,
  }
}
