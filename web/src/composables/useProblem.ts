import { useI18n } from 'vue-i18n'
import type { Problem } from '@/api/types'

/** What went wrong, and what to do about it, in the viewer's language where we know the code. */
export function useProblem() {
  const { t, te, locale } = useI18n()
  const kind = (problem: Problem): string => {
    if (te(`problem.${problem.code}.title`)) return problem.code
    if (problem.status === 404) return 'not_found'
    return problem.status >= 400 && problem.status < 500 ? 'refused' : 'failed'
  }
  const title = (problem: Problem): string => t(`problem.${kind(problem)}.title`)
  // The monitor speaks English, and more precisely than we can.
  const text = (problem: Problem): string => {
    const ours = t(`problem.${kind(problem)}.text`)
    if (!problem.detail) return ours
    return locale.value === 'en' ? problem.detail : `${ours} ${problem.detail}`
  }
  return { title, text, line: (problem: Problem) => `${title(problem)}: ${text(problem)}` }
}
