/** A button that puts a text on the clipboard, and says so. Where there is no clipboard (no TLS) it selects nothing and says that. */

import { Button, type ButtonProps } from "@mantine/core";
import { useState } from "react";
import { CheckIcon, CopyIcon } from "./icons";

export function CopyText({ text, label = "Copy", ...props }: { text: string; label?: string } & ButtonProps) {
  const [said, setSaid] = useState<string | null>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied");
    } catch {
      setSaid("Select and copy it by hand");
    }
    setTimeout(() => setSaid(null), 2000);
  };
  return (
    <Button
      {...props}
      onClick={copy}
      leftSection={said === "Copied" ? <CheckIcon size={13} /> : <CopyIcon size={13} />}
    >
      <span aria-live="polite">{said ?? label}</span>
    </Button>
  );
}
