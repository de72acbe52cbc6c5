/** Starts a job: empty, or from a text that runs as it stands. */

import { Button, Menu } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { createDraft, draftsKey } from "../api/drafts";
import { ChevronDownIcon, PlusIcon } from "./icons";
import { notDone } from "./notify";
import { TEMPLATES, type Template } from "./templates";

export function NewJob({ ws }: { ws: string }) {
  const [isBusy, setBusy] = useState(false);
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const create = async ({ name, sql }: Template) => {
    setBusy(true);
    try {
      const draft = await createDraft(ws, { name, sql, settings: {} });
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
