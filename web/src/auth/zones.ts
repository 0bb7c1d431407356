export type ZoneGroup = { region: string; zones: { id: string; name: string }[] }

/** The zone of whoever is looking, as the browser has it. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** All zones that the browser knows, `own` among them, by the part of the world; those of none under ''. */
export function zoneGroups(own: string): ZoneGroup[] {
  const all = [...new Set([...Intl.supportedValuesOf('timeZone'), own, 'UTC'])].sort()
  const groups = new Map<string, ZoneGroup>()
  for (const id of all) {
    const [region, place] = id.includes('/') ? [id.split('/')[0]!, id.slice(id.indexOf('/') + 1)] : ['', id]
    const group = groups.get(region) ?? { region, zones: [] }
    group.zones.push({ id, name: place.replaceAll('_', ' ').replaceAll('/', ', ') })
    groups.set(region, group)
  }
  return [...groups.values()]
}
