const files = import.meta.glob<string>('/node_modules/country-flag-icons/3x2/*.svg', {
  query: '?url',
  import: 'default',
  eager: true,
})

/** The address of a country's flag, undefined if there is none. */
export function flagUrl(code: string): string | undefined {
  return code ? files[`/node_modules/country-flag-icons/3x2/${code}.svg`] : undefined
}
