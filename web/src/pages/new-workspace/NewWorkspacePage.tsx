/** A workspace is made: by administrators, or shown as missing to those who have none. */

import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { createWorkspace } from "../../api/workspace";
import { LinkButton } from "../../components/Links";
import { PageHeader } from "../../components/PageHeader";
import { Empty, ErrorState } from "../../components/States";
import { useSession } from "../../components/useRole";
import classes from "./NewWorkspacePage.module.css";

const SLUG = /^[a-z][a-z0-9-]{0,62}$/;

export function NewWorkspacePage() {
  const { user, workspaces } = useSession();
  return (
    <main className={classes.page}>
      <PageHeader
        title="New workspace"
        actions={workspaces.length > 0 && <LinkButton to="/">Back to the console</LinkButton>}
      />
      <div className="panel">
        {user.is_admin ? (
          <Form />
        ) : (
          <Empty title="You belong to no workspace yet">
            Ask the owner of one to add you as a member. You are signed in as {user.name}.
          </Empty>
        )}
      </div>
    </main>
  );
}

function Form() {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const create = useMutation({
    mutationFn: createWorkspace,
    onSuccess: async (workspace) => {
      await queryClient.invalidateQueries({ queryKey: ["session"] });
      await queryClient.refetchQueries({ queryKey: ["session"] });
      navigate({ to: "/w/$ws", params: { ws: workspace.name } });
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const display = String(new FormData(event.currentTarget).get("display_name"));
    create.mutate({ name, display_name: display || name });
  };
  const isWrong = name !== "" && !SLUG.test(name);
  return (
    <form className={classes.form} onSubmit={submit}>
      <TextInput
        label="Name"
        description="In addresses and on the command line: small letters, digits and hyphens."
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={
          isWrong ? "starts with a small letter; then small letters, digits, hyphens; 63 at most" : undefined
        }
        required
        autoFocus
      />
      <TextInput label="Shown as" name="display_name" placeholder={name || "Payments"} />
      {create.error && <ErrorState error={create.error} />}
      <Button type="submit" variant="filled" disabled={name === "" || isWrong} loading={create.isPending}>
        Create the workspace
      </Button>
    </form>
  );
}
