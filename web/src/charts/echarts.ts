import { EffectScatterChart, LineChart, LinesChart, ScatterChart } from 'echarts/charts'
import { GeoComponent, GridComponent, MarkAreaComponent, TooltipComponent } from 'echarts/components'
import { init, registerMap, use, format, type EChartsType } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import type {
  EffectScatterSeriesOption,
  GeoComponentOption,
  GridComponentOption,
  LineSeriesOption,
  LinesSeriesOption,
  ScatterSeriesOption,
  TooltipComponentOption,
} from 'echarts'
import type { ComposeOption } from 'echarts/core'

use([
  LineChart,
  ScatterChart,
  EffectScatterChart,
  LinesChart,
  GridComponent,
  MarkAreaComponent,
  TooltipComponent,
  GeoComponent,
  CanvasRenderer,
])

export type ChartOption = ComposeOption<
  | LineSeriesOption
  | ScatterSeriesOption
  | EffectScatterSeriesOption
  | LinesSeriesOption
  | GridComponentOption
  | TooltipComponentOption
  | GeoComponentOption
>

/** Makes text safe for a tooltip, which ECharts writes as HTML. */
export const escapeHtml = format.encodeHTML

export { init, registerMap, type EChartsType }
