/** A column of a DataTable. Its cell is the slot of the same name. */
export interface Column {
  key: string
  title: string
  /** The API's name to sort by; absent if it can't be sorted. */
  sort?: string
  align?: 'end'
  /** CSS width; columns without one share what is left. */
  width?: string
  /** The table's width in rem from which the column is shown. */
  from?: number
}
