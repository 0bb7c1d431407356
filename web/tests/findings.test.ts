import { describe, expect, test } from 'vitest'
import { colourName, colourNames, factsOf, qualityNames } from '../src/photos/viewer/findingNames'
import { findingsOf, placed, textOf, type Analysis } from '../src/photos/viewer/findings'

const box = (left: number) => ({ left, top: 0, width: 0.1, height: 0.1 })
const face = (left: number) => ({ box: box(left), landmarks: [], confidence: 0.9, sizePx: 90, sharpness: 0.5 })
const object = (name: string, left: number) => ({ name, score: 0.5, box: box(left) })
const line = (text: string, ...corners: [number, number][]) => ({ text, score: 0.9, corners: corners.map(([x, y]) => ({ x, y })) })
const nothing: Analysis = {
  state: 'done',
  models: [],
  tags: [],
  objects: [],
  faces: [],
  text: [],
  colours: null,
  quality: null,
  caption: null,
  captionWaits: false,
}
const unsaid: NonNullable<Analysis['caption']> = {
  caption: 'A photo.',
  mainSubject: null,
  setting: null,
  pets: false,
  animalType: null,
  vehicle: null,
  landmark: null,
  food: null,
  drink: null,
  event: null,
  activity: null,
  documentType: null,
  peopleCount: 0,
  mood: null,
  indoor: false,
  landscape: false,
  cityscape: false,
}

describe('findings', () => {
  test('are all faces, then the objects of each name', () => {
    const found = findingsOf({
      ...nothing,
      faces: [face(0.1), face(0.2)],
      objects: [object('dog', 0.3), object('ball', 0.4), object('dog', 0.5)],
    })
    expect(found.map(({ name, boxes }) => [name, boxes.map(({ left }) => left)])).toEqual([
      ['', [0.1, 0.2]],
      ['dog', [0.3, 0.5]],
      ['ball', [0.4]],
    ])
    expect(findingsOf(nothing)).toEqual([])
  })

  test('of text are copied line by line', () => {
    expect(textOf({ ...nothing, text: [line('Gleis 4'), line('nach Brücke')] })).toBe('Gleis 4\nnach Brücke')
  })
})

describe('a line of text', () => {
  const picture = { width: 2000, height: 1000 }
  const twoEms = () => 2

  test('lies level where its corners are, as wide as they are apart', () => {
    const level = placed(line('text', [0.1, 0.2], [0.3, 0.2], [0.3, 0.3], [0.1, 0.3]), picture, twoEms)
    expect(level).toMatchObject({ text: 'text', x: 0.1, y: 0.2, turn: 0 })
    expect(level.height).toBeCloseTo(0.1)
    expect(level.stretch).toBeCloseTo(2) // 400 pixels, where the font would take 2 ems of 100
  })

  test('is turned as its top edge is in the pixels of the picture', () => {
    // Downwards, 400 pixels long and 100 high: as shares of a wide picture these are other proportions.
    const down = placed(line('text', [0.5, 0.1], [0.5, 0.5], [0.45, 0.5], [0.45, 0.1]), picture, twoEms)
    expect(down).toMatchObject({ x: 0.5, y: 0.1 })
    expect(down.turn).toBeCloseTo(Math.PI / 2)
    expect(down.height).toBeCloseTo(0.1)
    expect(down.stretch).toBeCloseTo(2)
  })

  test('that is read from right to left stands upright', () => {
    const arabic = placed(line('نص', [0.3, 0.2], [0.1, 0.2], [0.1, 0.3], [0.3, 0.3]), picture, twoEms)
    expect(arabic).toMatchObject({ x: 0.1, y: 0.2, turn: 0 })
  })

  test('without any width of its own keeps its place', () => {
    expect(placed(line(' ', [0, 0], [0, 0], [0, 0], [0, 0]), picture, () => 0)).toMatchObject({ x: 0, y: 0, turn: 0 })
  })
})

describe('names', () => {
  test.each([
    ['#0a1a5e', 'dark blue'],
    ['#87ceeb', 'light blue'],
    ['#1e6fd9', 'blue'],
    ['#5a3a1c', 'dark brown'],
    ['#8b5a2b', 'brown'],
    ['#f59e0b', 'orange'],
    ['#e8d9bf', 'beige'],
    ['#fff200', 'yellow'],
    ['#2e7d32', 'green'],
    ['#00b3b3', 'turquoise'],
    ['#7b2fbf', 'purple'],
    ['#ff69b4', 'pink'],
    ['#ffb3b3', 'pink'],
    ['#c62828', 'red'],
    ['#050505', 'black'],
    ['#808080', 'grey'],
    ['#3c3c40', 'dark grey'],
    ['#ffffff', 'white'],
  ])('%s is called %s', (colour, name) => {
    expect(colourName(colour)).toBe(name)
  })

  test('of colours come once, with the largest share of each', () => {
    const dominant = ['#1e6fd9', '#ffffff', '#2070d0'].map((colour) => ({ colour, share: 0.3 }))
    expect(colourNames({ dominant, hue: 210, saturation: 0.5, lightness: 0.5, histogram: [] })).toEqual([
      { name: 'blue', colour: '#1e6fd9' },
      { name: 'white', colour: '#ffffff' },
    ])
  })

  test('of quality are a grade, and what is wrong', () => {
    const good = { sharpness: 0.8, noise: 0.1, exposure: 0.9, overall: 100 }
    expect(qualityNames(good, 0.5)).toEqual(['Very good quality', ''])
    expect(qualityNames({ ...good, overall: 60 }, null)).toEqual(['Good quality', ''])
    const bad = { sharpness: 0.1, noise: 0.9, exposure: 0.1, overall: 0 }
    expect(qualityNames(bad, 0.1)).toEqual(['Poor quality', 'Blurred · Grainy · Too dark'])
    expect(qualityNames(bad, 0.9)[1]).toContain('Too bright')
    expect(qualityNames(bad, null)[1]).toContain('Too much light or shadow')
  })

  test('of what was said are those of all that is there', () => {
    const all = {
      ...unsaid,
      mainSubject: 'train',
      setting: 'station',
      pets: true,
      animalType: 'dog',
      vehicle: 'local train',
      landmark: 'cathedral',
      food: 'pretzel',
      drink: 'coffee',
      event: 'journey',
      activity: 'waiting',
      documentType: 'ticket',
      peopleCount: 2,
      mood: 'cheerful',
      indoor: true,
      landscape: true,
      cityscape: true,
    }
    expect(factsOf(all).map(({ name, value }) => `${name}: ${value}`)).toEqual([
      'Subject: train',
      'Scene: station · indoors · landscape · cityscape',
      'People: 2',
      'Mood: cheerful',
      'Activity: waiting',
      'Occasion: journey',
      'Animal: dog · pet',
      'Vehicle: local train',
      'Landmark: cathedral',
      'Food: pretzel',
      'Drink: coffee',
      'Document: ticket',
    ])
  })

  test('of what was said are none of what is not there', () => {
    expect(factsOf(unsaid)).toEqual([])
    expect(factsOf({ ...unsaid, mainSubject: '' })).toEqual([])
  })

  test('of an animal that has no name of its kind, and of a document of no named kind, are words', () => {
    expect(factsOf({ ...unsaid, pets: true, documentType: 'other' })).toEqual([
      { name: 'Animal', value: 'pet' },
      { name: 'Document', value: 'of another kind' },
    ])
  })
})
