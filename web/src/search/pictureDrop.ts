import { ref, shallowRef } from 'vue'

/** The part of the page that takes what is dropped onto it for itself; elsewhere files are uploaded. */
export const pictureDrop = shallowRef<{ element: HTMLElement; take(files: File[]): void } | null>(null)

/** Whether files are dragged over it at present. */
export const isOverPictureDrop = ref(false)
