import { shallowRef } from 'vue'

/** The section that the grid of a list is to lead to, or the next older one, once it is there; null: none. */
export const wishedPlace = shallowRef<{ home: string; key: string } | null>(null)
