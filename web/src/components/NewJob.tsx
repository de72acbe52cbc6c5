/** Starts a job: empty, or from a text that runs as it stands. */

import { Button, Menu } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError } from "../api/client";
import { createDraft, draftsKey } from "../api/drafts";
import type { Draft } from "../api/types";
import { ChevronDownIcon, PlusIcon } from "./icons";
import { notDone } from "./notify";
import { TEMPLATES, type Template } from "./templates";

const NAMES_TRIED_MAX = 50;

export function NewJob({ ws }: { ws: string }) {
  const [isBusy, setBusy] = useState(false);
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const create = async ({ name, sql }: Template) => {
    setBusy(true);
    try {
      const draft = await createUnderFreeName(ws, { name, sql });
      queryClient.invalidateQueries({ queryKey: draftsKey(ws) });
      navigate({ to: "/w/$ws/jobs/$draft", params: { ws, draft: draft.id } });
    } catch (error) {
      notDone("Could not create the job", error);
      setBusy(false);
    }
  };
  return (
    <Menu width={260}>
      <Menu.Target>
        <Button
          variant="filled"
          loading={isBusy}
          leftSection={<PlusIcon size={14} />}
          rightSection={<ChevronDownIcon size={12} />}
        >
          New job
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {TEMPLATES.map((template) => (
          <Menu.Item key={template.title} onClick={() => create(template)}>
            {template.title}
            <div className="dimmed">{template.says}</div>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Names are taken once in a workspace: "running count" is followed by "running count 2". */
async function createUnderFreeName(
  ws: string,
  { name, sql }: Pick<Template, "name" | "sql">,
): Promise<Draft> {
  for (let number = 1; ; number += 1) {
    try {
      return await createDraft(ws, { name: number === 1 ? name : `${name} ${number}`, sql, settings: {} });
    } catch (error) {
      const isTaken = error instanceof ApiError && error.status === 409;
      if (!isTaken || number >= NAMES_TRIED_MAX) throw error;
    }
  }
}
