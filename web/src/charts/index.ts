import { defineAsyncComponent, h, type Component } from 'vue'
import Skeleton from '@/components/Skeleton.vue'
import ChartFailed from './ChartFailed.vue'

/** A picture is loaded when it is first shown, and says so if it can't be. */
function picture(loader: () => Promise<{ default: Component }>): Component {
  return defineAsyncComponent({
    loader,
    loadingComponent: { render: () => h(Skeleton, { rows: 5 }) },
    errorComponent: ChartFailed,
    delay: 150,
  })
}

/** All pictures of the page. Adding one: its component in this folder and a line here. */
export const charts = {
  traffic: picture(() => import('./TrafficChart.vue')),
  split: picture(() => import('./SplitChart.vue')),
  worldMap: picture(() => import('./WorldMap.vue')),
}
