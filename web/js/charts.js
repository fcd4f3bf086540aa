// The charts this product draws, and no others: whole ECharts is half as large again.
import { init, registerMap, use } from "echarts/core";
import { BarChart, GaugeChart, HeatmapChart, LineChart, MapChart, PieChart, SankeyChart, ScatterChart, TreemapChart } from "echarts/charts";
import { AriaComponent, BrushComponent, DataZoomInsideComponent, GeoComponent, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent,
  TooltipComponent, VisualMapContinuousComponent, VisualMapPiecewiseComponent } from "echarts/components";
import { LabelLayout } from "echarts/features";
import { CanvasRenderer } from "echarts/renderers";

use([LineChart, BarChart, PieChart, GaugeChart, MapChart, HeatmapChart, SankeyChart, ScatterChart, TreemapChart,
  AriaComponent, BrushComponent, DataZoomInsideComponent, GeoComponent, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent,
  TooltipComponent, VisualMapContinuousComponent, VisualMapPiecewiseComponent, CanvasRenderer, LabelLayout]);

export { init, registerMap };
