/** A search that waits until the writer pauses. "/" goes to it from anywhere on the page. */

import { CloseButton, TextInput } from "@mantine/core";
import { useDebouncedCallback, useHotkeys } from "@mantine/hooks";
import { useRef, useState } from "react";
import { SearchIcon } from "./icons";

const PAUSE_MS = 250;

export function SearchBox({
  value,
  onSearch,
  label,
  width = 240,
}: {
  value: string;
  onSearch: (text: string) => void;
  label: string;
  width?: number | string;
}) {
  const [text, setText] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  const search = useDebouncedCallback(onSearch, PAUSE_MS);
  useHotkeys([["/", () => input.current?.focus()]]);
  const change = (next: string) => {
    setText(next);
    search(next);
  };
  return (
    <TextInput
      ref={input}
      type="search"
      w={width}
      aria-label={label}
      placeholder={label}
      value={text}
      onChange={(event) => change(event.currentTarget.value)}
      onKeyDown={(event) => event.key === "Escape" && change("")}
      leftSection={<SearchIcon size={13} />}
      rightSection={
        text ? <CloseButton size="xs" aria-label="Clear the search" onClick={() => change("")} /> : null
      }
    />
  );
}
