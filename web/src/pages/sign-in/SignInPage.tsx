/** Signing in. Kept small: it is the first thing a browser loads. */

import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../api/client";
import { sessionQuery, signIn } from "../../api/session";
import { BrandMark } from "../../components/Brand";
import classes from "./SignInPage.module.css";

const route = getRouteApi("/sign-in");

export function SignInPage() {
  useDocumentTitle("Sign in · Oceanus");
  const { to } = route.useSearch();
  const router = useRouter();
  const queryClient = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setError(null);
    try {
      const session = await signIn(String(form.get("name")), String(form.get("password")));
      queryClient.clear();
      queryClient.setQueryData(sessionQuery.queryKey, session);
      router.history.push(isOwnAddress(to) ? to : "/");
    } catch (reason) {
      setError(explained(reason));
      setBusy(false);
    }
  };

  return (
    <main className={classes.page}>
      <Waves />
      <form className={classes.card} onSubmit={submit}>
        <div className={classes.brand}>
          <BrandMark size={34} />
          <h1>Oceanus</h1>
        </div>
        <p className={classes.lead}>Streams, written as SQL.</p>
        <TextInput
          label="Name"
          name="name"
          size="sm"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          withAsterisk={false}
          autoFocus
        />
        <PasswordInput
          label="Password"
          name="password"
          size="sm"
          autoComplete="current-password"
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ "aria-label": "Show the password" }}
        />
        <div className={classes.error} role="alert">
          {error}
        </div>
        <Button type="submit" variant="filled" size="sm" fullWidth loading={isBusy}>
          Sign in
        </Button>
      </form>
      <p className={classes.foot}>
        The first start of the server makes an administrator, and says where the password is.
      </p>
    </main>
  );
}

/** Whether an address leads nowhere but into this console. */
function isOwnAddress(to: string | undefined): to is string {
  return to?.startsWith("/") === true && !to.startsWith("//") && !to.startsWith("/\\");
}

function explained(error: unknown): string {
  if (!(error instanceof ApiError)) return "Something went wrong; try again.";
  if (error.status === 401) return "This name and this password do not fit together.";
  if (error.status === 429) return "Too many tries; wait a minute.";
  return [error.title, error.detail, error.hint].filter(Boolean).join(". ");
}

function Waves() {
  return (
    <svg className={classes.waves} viewBox="0 0 1200 500" preserveAspectRatio="none" aria-hidden="true">
      <path d="M0 210c150-70 300-70 450 0s300 70 450 0 220-60 300-30v320H0Z" opacity="0.10" />
      <path d="M0 290c150-70 300-70 450 0s300 70 450 0 220-60 300-30v240H0Z" opacity="0.12" />
      <path d="M0 372c180-60 330-60 480 0s300 60 450 0 200-50 270-30v160H0Z" opacity="0.14" />
    </svg>
  );
}
