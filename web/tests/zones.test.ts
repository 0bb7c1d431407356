import { expect, test, vi } from 'vitest'
import { zoneGroups } from '../src/auth/zones'

test('zones are grouped by the part of the world, with the own one and UTC among them, each once', () => {
  vi.spyOn(Intl, 'supportedValuesOf').mockReturnValue(['America/Argentina/Buenos_Aires', 'Europe/Berlin', 'America/New_York'])
  expect(zoneGroups('Europe/Berlin')).toEqual([
    {
      region: 'America',
      zones: [
        { id: 'America/Argentina/Buenos_Aires', name: 'Argentina, Buenos Aires' },
        { id: 'America/New_York', name: 'New York' },
      ],
    },
    { region: 'Europe', zones: [{ id: 'Europe/Berlin', name: 'Berlin' }] },
    { region: '', zones: [{ id: 'UTC', name: 'UTC' }] },
  ])
})

test('a zone that the browser has but does not list can be chosen', () => {
  const listed = zoneGroups('Nowhere/Here').flatMap(({ zones }) => zones.map(({ id }) => id))
  expect(listed).toContain('Nowhere/Here')
  expect(listed).toContain('Europe/Oslo')
})
