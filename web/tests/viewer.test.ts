import { describe, expect, test } from 'vitest'
import { cameraName, exposureName, filmLines, lensName, offsetName, timeLines } from '../src/photos/viewer/captureNames'
import { placeOnSphere } from '../src/photos/viewer/sphere'
import { bounded, fit, largestScale, UNZOOMED, zoomAt } from '../src/photos/viewer/zoom'

const frame = { width: 1000, height: 800 }

describe('zooming', () => {
  test('keeps the point under the finger where it is', () => {
    const finger = { x: 120, y: -80 }
    const zoom = zoomAt({ scale: 2, x: 30, y: 10 }, finger, 1.5, 6)
    const before = { x: (finger.x - 30) / 2, y: (finger.y - 10) / 2 }
    expect({ x: (finger.x - zoom.x) / zoom.scale, y: (finger.y - zoom.y) / zoom.scale }).toEqual(before)
  })

  test('goes no further than the largest scale, and back no further than the whole picture', () => {
    expect(zoomAt(UNZOOMED, { x: 0, y: 0 }, 100, 6).scale).toBe(6)
    expect(bounded(zoomAt({ scale: 2, x: 300, y: 90 }, { x: 7, y: 7 }, 0.01, 6), frame, frame)).toEqual(UNZOOMED)
  })

  test('goes as far as there are pixels', () => {
    expect(largestScale({ width: 6000, height: 4000 }, { width: 1200, height: 800 })).toBe(5)
    expect(largestScale({ width: 300, height: 200 }, { width: 300, height: 200 })).toBe(2)
  })

  test('shows no border that the picture could fill', () => {
    const box = fit(3 / 2, frame, null)
    const far = bounded({ scale: 3, x: 9999, y: -9999 }, box, frame)
    expect(far.x).toBe((box.width * 3 - frame.width) / 2)
    expect(far.y).toBe(-(box.height * 3 - frame.height) / 2)
  })

  test('fits a picture of any shape into the window', () => {
    expect(fit(2, frame, null)).toEqual({ width: 1000, height: 500 })
    expect(fit(0.5, frame, null)).toEqual({ width: 400, height: 800 })
  })

  test('begins with no pixel of a small picture shown twice', () => {
    expect(fit(1.5, frame, { width: 600, height: 400 })).toEqual({ width: 600, height: 400 })
    expect(fit(1.5, frame, { width: 3000, height: 2000 })).toEqual(fit(1.5, frame, null))
  })
})

describe('a panorama whose file says nothing of its place', () => {
  const unknown = { projection: 'equirectangular', fieldOfViewDeg: null }

  test('goes all the way round where it may', () => {
    expect(placeOnSphere({ width: 4000, height: 2000 }, unknown)).toMatchObject({ fullWidth: 4000, fullHeight: 2000, croppedX: 0, croppedY: 0 })
    expect(placeOnSphere({ width: 4000, height: 1000 }, unknown)).toMatchObject({ fullWidth: 4000, croppedX: 0, croppedY: 500 })
  })

  test('is as wide as its field of view, about the middle', () => {
    const place = placeOnSphere({ width: 1000, height: 400 }, { ...unknown, fieldOfViewDeg: 90 })
    expect(place).toMatchObject({ fullWidth: 4000, fullHeight: 2000, croppedX: 1500, croppedY: 800 })
  })

  test('is as high as phones sweep a cylinder', () => {
    const swept = { projection: 'cylindrical', fieldOfViewDeg: null }
    expect(placeOnSphere({ width: 3000, height: 1000 }, swept)).toMatchObject({ fullWidth: 6000, fullHeight: 3000, croppedX: 1500, croppedY: 1000 })
    expect(placeOnSphere({ width: 7000, height: 1000 }, swept)).toMatchObject({ fullWidth: 7000, croppedX: 0 })
  })
})

describe('details', () => {
  const nothing = { make: null, model: null, lens: null, focalLengthMm: null, fNumber: null, exposureSeconds: null, iso: null }

  test('do not say the make of a camera twice', () => {
    expect(cameraName({ ...nothing, make: 'Canon', model: 'Canon EOS 40D' })).toBe('Canon EOS 40D')
    expect(cameraName({ ...nothing, make: 'NIKON CORPORATION', model: 'NIKON D70' })).toBe('NIKON D70')
    expect(cameraName({ ...nothing, make: 'Apple', model: 'iPhone 13 Pro' })).toBe('Apple iPhone 13 Pro')
    expect(cameraName(nothing)).toBe('')
  })

  test('do not say the camera again for its lens', () => {
    const iphone = { ...nothing, make: 'Apple', model: 'iPhone 13 Pro' }
    expect(lensName({ ...iphone, lens: 'iPhone 13 Pro back camera 5.7mm f/1.5' })).toBe('back camera 5.7mm f/1.5')
    expect(lensName({ ...nothing, make: 'SONY', model: 'DSC-RX100', lens: 'DSC-RX100' })).toBe('')
    expect(lensName({ ...iphone, lens: 'EF50mm f/1.8 STM' })).toBe('EF50mm f/1.8 STM')
    expect(lensName(nothing)).toBe('')
    const shot = { ...iphone, focalLengthMm: 5.7, fNumber: 1.5 }
    expect(lensName({ ...shot, lens: 'iPhone 13 Pro back triple camera 5.7mm f/1.5' })).toBe('back triple camera')
    expect(lensName({ ...shot, focalLengthMm: 9, lens: 'iPhone 13 Pro back camera 5.7mm f/1.5' })).toBe('back camera 5.7mm f/1.5')
    expect(lensName({ ...shot, lens: 'Sigma 5.7mm f/1.5' })).toBe('Sigma 5.7mm f/1.5')
  })

  test('write exposures as photographers do, and leave out what is unknown', () => {
    expect(exposureName({ ...nothing, fNumber: 1.8, exposureSeconds: 1 / 120, focalLengthMm: 26, iso: 100 })).toBe(
      'ƒ/1.8 · 1/120 s · 26 mm · ISO 100',
    )
    expect(exposureName({ ...nothing, exposureSeconds: 2.5 })).toBe('2.5 s')
    expect(exposureName(nothing)).toBe('')
  })

  test('say of a video how it is coded, and how fast it was filmed where that is not how it plays', () => {
    const film = { codec: 'AVC', audioCodec: 'AAC', frameRate: 29.97, captureFrameRate: null, bitRate: 1 }
    expect(filmLines(film)).toEqual(['H.264 · AAC · 29.97 fps', ''])
    expect(filmLines({ ...film, captureFrameRate: 30 })[1]).toBe('')
    expect(filmLines({ ...film, codec: 'HEVC', captureFrameRate: 240 })).toEqual(['H.265 · AAC · 29.97 fps', 'Filmed at 240 fps'])
    expect(filmLines({ ...film, codec: 'VP9', audioCodec: null, frameRate: null })).toEqual(['VP9', ''])
  })

  test('say of a date whether its zone is unknown, and where it comes from if that is not the capture', () => {
    const taken = { utcOffsetSeconds: 7200, timezoneName: 'Europe/Rome', timeSource: 'exif_original', timeConfidence: 'high' } as const
    const zoneless = { ...taken, utcOffsetSeconds: null, timezoneName: null, timeConfidence: 'low' } as const
    expect(timeLines(taken)).toEqual(['UTC+02:00 · Europe/Rome', ''])
    expect(timeLines({ ...taken, timeConfidence: 'low' })).toEqual(['UTC+02:00 · Europe/Rome · Time uncertain', ''])
    expect(timeLines(zoneless)).toEqual(['Time zone unknown', ''])
    expect(timeLines({ ...zoneless, timeSource: 'uploaded' })[1]).toMatch(/^When it was uploaded/)
    expect(timeLines({ ...zoneless, timeSource: 'file_modified' })[1]).toMatch(/^When the file was last changed/)
    expect(timeLines({ ...zoneless, timeSource: null })).toEqual(['Time zone unknown', ''])
  })

  test('write offsets with hours and minutes', () => {
    expect([0, 19_800, -12_600].map(offsetName)).toEqual(['UTC+00:00', 'UTC+05:30', 'UTC−03:30'])
  })
})
