/** A line or two over the last minutes, by uPlot. The newest values stand beside the title, for those who cannot see lines. */

import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { useElementSize, useMergedRef } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import UPlot from "uplot";
import { dateTime } from "../lib/format";
import classes from "./LiveChart.module.css";

export interface Series {
  label: string;
  /** 1, 2 or 3: one of the theme's chart colours. */
  color: 1 | 2 | 3;
  values: (number | null)[];
}

const HEIGHT_PX = 132;
const POWERS_OF_TWO = Array.from({ length: 50 }, (_, power) => 2 ** power);

export function LiveChart({
  title,
  times,
  series,
  format,
  isBinary = false,
}: {
  title: string;
  /** In milliseconds, ascending; one for each value. */
  times: number[];
  series: Series[];
  format: (value: number) => string;
  /** Steps of the scale are powers of two: for bytes. */
  isBinary?: boolean;
}) {
  const { ref: sized, width } = useElementSize();
  const box = useRef<HTMLDivElement>(null);
  const ref = useMergedRef(sized, box);
  const chart = useRef<UPlot | null>(null);
  const scheme = useComputedColorScheme();
  const shape = series.map(({ label, color }) => `${label}:${color}`).join();
  const data: UPlot.AlignedData = [times.map((time) => time / 1000), ...series.map(({ values }) => values)];
  const newest = useRef(data);
  newest.current = data;

  // biome-ignore lint/correctness/useExhaustiveDependencies: made anew only when its shape or its colours change
  useEffect(() => {
    const host = box.current;
    if (!host || width === 0) return;
    const style = getComputedStyle(host);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const axis: UPlot.Axis = {
      stroke: colour("--o-ink-3"),
      grid: { stroke: colour("--o-line"), width: 1 },
      ticks: { show: false },
      font: `11px ${style.fontFamily}`,
    };
    const made = new UPlot(
      {
        width,
        height: HEIGHT_PX,
        legend: { show: false },
        cursor: { y: false, points: { size: 5 }, drag: { x: false, y: false } },
        padding: [8, 8, 0, 0],
        scales: { y: { range: (_, __, max) => [0, max > 0 ? max * 1.12 : 1] } },
        axes: [
          { ...axis, size: 22, gap: 4, space: 80, values: (_, splits) => splits.map(clock) },
          {
            ...axis,
            size: 58,
            gap: 6,
            space: 28,
            values: (_, splits) => splits.map(format),
            ...(isBinary && { incrs: POWERS_OF_TWO }),
          },
        ],
        series: [
          {},
          ...series.map(({ label, color }) => ({
            label,
            stroke: colour(`--o-chart-${color}`),
            width: 1.6,
            fill: series.length === 1 ? `${colour(`--o-chart-${color}`)}22` : undefined,
            points: { show: false },
          })),
        ] as UPlot.Series[],
      },
      newest.current,
      host,
    );
    chart.current = made;
    return () => {
      made.destroy();
      chart.current = null;
    };
  }, [width > 0, shape, scheme]);

  useEffect(() => {
    if (width > 0) chart.current?.setSize({ width, height: HEIGHT_PX });
  }, [width]);
  useEffect(() => chart.current?.setData(data));

  return (
    <figure className={classes.chart}>
      <figcaption className={classes.head}>
        <span>{title}</span>
        {series.map(({ label, color, values }) => {
          const last = values.at(-1);
          return (
            <span key={label} className={classes.key}>
              <span className={classes.swatch} style={{ background: `var(--o-chart-${color})` }} />
              {label} <b>{last == null ? "–" : format(last)}</b>
            </span>
          );
        })}
      </figcaption>
      <div ref={ref} className={classes.plot} style={{ height: HEIGHT_PX }} aria-hidden="true" />
    </figure>
  );
}

/** "23:54:01" in the reader's zone. */
function clock(seconds: number): string {
  return dateTime(seconds * 1000).slice(11);
}
