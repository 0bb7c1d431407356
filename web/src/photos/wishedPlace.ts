import { shallowRef } from 'vue'

/**
 * The section that the grid of a list is to lead to, or the next older one, once it is there; and in it, if it is that
 * very one, a day of the month. Null: none.
 */
export const wishedPlace = shallowRef<{ home: string; key: string; day?: number } | null>(null)
