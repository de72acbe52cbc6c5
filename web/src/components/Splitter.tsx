/** Two panes, one above the other, with a bar between them that the mouse or the arrow keys move. */

import { useLocalStorage } from "@mantine/hooks";
import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef } from "react";
import classes from "./Splitter.module.css";

const LEAST = 12;
const MOST = 88;
const STEP = 4;

export function Splitter({
  name,
  top,
  bottom,
  initial = 54,
}: {
  /** Under this name the reader's choice is kept in this browser. */
  name: string;
  top: ReactNode;
  bottom: ReactNode;
  /** Of the height, in percent, for the upper pane. */
  initial?: number;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [share, setShare] = useLocalStorage({
    key: `oceanus.split.${name}`,
    defaultValue: initial,
    getInitialValueInEffect: false,
  });
  const move = (percent: number) => setShare(Math.round(Math.max(LEAST, Math.min(MOST, percent)) * 10) / 10);

  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    const frame = box.current?.getBoundingClientRect();
    if (!frame || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
    move(((event.clientY - frame.top) / frame.height) * 100);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const target = { ArrowUp: share - STEP, ArrowDown: share + STEP, Home: LEAST, End: MOST, Enter: initial }[
      event.key
    ];
    if (target === undefined) return;
    event.preventDefault();
    move(target);
  };
  return (
    <div ref={box} className={classes.box}>
      <div className={classes.pane} style={{ flexBasis: `${share}%` }}>
        {top}
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a rule that moves is a separator, and <hr> cannot be dragged */}
      <div
        className={classes.bar}
        role="separator"
        aria-orientation="horizontal"
        aria-label="Resize the panes"
        aria-valuenow={share}
        aria-valuemin={LEAST}
        aria-valuemax={MOST}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={onPointerMove}
        onDoubleClick={() => move(initial)}
      />
      <div className={classes.pane} style={{ flexBasis: `${100 - share}%` }}>
        {bottom}
      </div>
    </div>
  );
}
