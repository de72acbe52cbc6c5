/** Names and values to edit: options of a connection, settings of a job. A name that stands twice is shown as a mistake. */

import { ActionIcon, Button, TextInput } from "@mantine/core";
import { useRef } from "react";
import { CrossIcon, PlusIcon } from "./icons";
import classes from "./KeyValues.module.css";

export interface Pair {
  key: number;
  name: string;
  value: string;
}

let lastKey = 0;

export function pairsOf(record: Record<string, string>): Pair[] {
  return Object.entries(record).map(([name, value]) => pair(name, value));
}

export function recordOf(pairs: Pair[]): Record<string, string> {
  return Object.fromEntries(
    pairs.filter(({ name }) => name !== "").map(({ name, value }) => [name.trim(), value]),
  );
}

function pair(name = "", value = ""): Pair {
  lastKey += 1;
  return { key: lastKey, name, value };
}

export function KeyValues({
  pairs,
  onChange,
  label,
  namePlaceholder = "name",
  valuePlaceholder = "value",
  readOnly = false,
}: {
  pairs: Pair[];
  onChange: (pairs: Pair[]) => void;
  label: string;
  namePlaceholder?: string;
  valuePlaceholder?: string;
  readOnly?: boolean;
}) {
  const box = useRef<HTMLFieldSetElement>(null);
  const set = (key: number, change: Partial<Pair>) =>
    onChange(pairs.map((each) => (each.key === key ? { ...each, ...change } : each)));
  const add = () => {
    onChange([...pairs, pair()]);
    // The new row is there after the next render.
    requestAnimationFrame(() => {
      const names = box.current?.querySelectorAll<HTMLInputElement>("input[data-name]");
      names?.[names.length - 1]?.focus();
    });
  };
  return (
    <fieldset className={classes.box} ref={box} disabled={readOnly}>
      <legend className={classes.label}>{label}</legend>
      {pairs.map(({ key, name, value }) => {
        const twice =
          name !== "" && pairs.some((other) => other.key !== key && other.name.trim() === name.trim());
        return (
          <div key={key} className={classes.row}>
            <TextInput
              data-name
              aria-label="Name"
              className={classes.name}
              placeholder={namePlaceholder}
              value={name}
              error={twice ? "stands twice" : undefined}
              onChange={(event) => set(key, { name: event.currentTarget.value })}
            />
            <TextInput
              aria-label={`Value of ${name || "the new name"}`}
              className={classes.value}
              placeholder={valuePlaceholder}
              value={value}
              onChange={(event) => set(key, { value: event.currentTarget.value })}
            />
            {!readOnly && (
              <ActionIcon
                aria-label={`Remove ${name || "this row"}`}
                onClick={() => onChange(pairs.filter((each) => each.key !== key))}
              >
                <CrossIcon size={13} />
              </ActionIcon>
            )}
          </div>
        );
      })}
      {pairs.length === 0 && <p className="dimmed">None.</p>}
      {!readOnly && (
        <Button mt={4} leftSection={<PlusIcon size={13} />} onClick={add}>
          Add
        </Button>
      )}
    </fieldset>
  );
}
