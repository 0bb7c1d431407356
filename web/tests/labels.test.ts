import { describe, expect, test } from 'vitest'
import { placeLabels, type Labelled } from '../src/photos/viewer/labels'

const picture = { width: 600, height: 400 }
const WIDTH = 40
const HEIGHT = 18
const box = (left: number, top: number, width: number, height: number) => ({ left, top, width, height })
const face = (...at: [number, number, number, number]): Labelled => ({ box: box(...at), width: WIDTH, isFace: true })
const object = (...at: [number, number, number, number]): Labelled => ({ box: box(...at), width: WIDTH, isFace: false })

/** With all faces among the things kept clear. */
function place(...things: Labelled[]) {
  return placeLabels(things, things.filter(({ isFace }) => isFace).map((one) => one.box), picture)
}

describe('a label', () => {
  test('lies below a face, and above it where the picture ends', () => {
    expect(place(face(100, 50, 30, 40), face(300, 350, 30, 40))).toEqual([
      { x: 100, y: 90, isClear: true },
      { x: 300, y: 350 - HEIGHT, isClear: true },
    ])
  })

  test('lies above an object, at the edge of the picture below it, or within one that is large enough', () => {
    expect(place(object(100, 100, 200, 200), object(350, 0, 60, 60), object(500, 0, 100, 400))).toEqual([
      { x: 100, y: 100 - HEIGHT, isClear: true },
      { x: 350, y: 60, isClear: true },
      { x: 500, y: 0, isClear: true },
    ])
    expect(place(object(500, 0, 100, 400), face(500, 0, 80, 80))[0]).toEqual({ x: 500, y: 400 - HEIGHT, isClear: true })
  })

  test('stays within the picture', () => {
    expect(place(face(585, 100, 15, 20))).toEqual([{ x: 560, y: 120, isClear: true }])
  })

  test('never hides a face, something as small, or another label', () => {
    const [upper] = place(face(100, 0, 30, 40), face(110, 45, 30, 40))
    expect(upper!.isClear).toBe(false)
    const [first] = place(object(100, 0, 30, 40), object(110, 45, 30, 40))
    expect(first!.isClear).toBe(false)
    // Side by side, and closer than a label is wide: the one that comes first has the better place.
    expect(place(face(100, 100, 20, 20), face(125, 100, 20, 20))).toEqual([
      { x: 100, y: 120, isClear: true },
      { x: 125, y: 82, isClear: true },
    ])
  })

  test('that has no room still leaves its own thing to be seen', () => {
    expect(place(face(100, 0, 30, 40), face(90, 42, 60, 40))[0]).toEqual({ x: 100, y: 40, isClear: false })
  })

  test('of a face that fills the picture has no room', () => {
    expect(place(face(0, 0, 600, 400))[0]!.isClear).toBe(false)
  })
})
