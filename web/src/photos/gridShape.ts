import type { GridShape } from './gridLayout'

/** How tall rows are, and how far apart everything lies, on a page so wide; `isByDay`: with names of days above rows. Pixels. */
export function gridShape(width: number, isByDay: boolean): GridShape {
  const isPhone = width < 600
  const gap = isPhone ? 3 : 4
  return {
    width,
    targetHeight: isPhone ? 108 : width < 1100 ? 184 : 224,
    gap,
    dayHeight: !isByDay ? gap : isPhone ? 24 : 28,
    headingHeight: isPhone ? 44 : 54,
    sectionGap: isPhone ? 10 : 16,
    besideGap: isPhone ? 14 : 28,
    besideWidth: isPhone ? 168 : 236,
  }
}
