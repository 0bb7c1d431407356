import { answer, api } from '../api/client'
import { monthList } from '../lists/monthList'

/** The photos of whoever is logged in, by month, newest first. */
export const timeline = monthList({
  query: { name: 'timeline' },
  home: '/',
  isByDay: true,
  source: {
    months: () => answer(api.GET('/timeline')),
    month: (month, cursor, signal) => {
      const query = cursor === null ? {} : { cursor }
      return answer(api.GET('/timeline/{month}', { params: { path: { month }, query }, signal }))
    },
  },
  monthOf: ({ takenAtLocal }) => takenAtLocal.slice(0, 7),
  isCurrent: (revision, store) => revision <= store.revision,
})
