import { ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'

/**
 * Follows source, but stands still while held, so that nothing moves under the
 * pointer. The answer to another question shows at once all the same.
 */
export function useHeld<T>(source: Ref<T>, held: Ref<boolean>, question: Ref<string> = ref('')): ShallowRef<T> {
  const shown = shallowRef(source.value) as ShallowRef<T>
  let answered = question.value
  watch([source, held], ([value, hold]) => {
    if (hold && shown.value !== null && answered === question.value) return
    shown.value = value
    answered = question.value
  })
  return shown
}
