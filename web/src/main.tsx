/** Puts the console together: look, server data, pages. */

import "@fontsource/ibm-plex-sans/latin-400.css";
import "@fontsource/ibm-plex-sans/latin-500.css";
import "@fontsource/ibm-plex-sans/latin-600.css";
import "@fontsource/ibm-plex-mono/latin-400.css";
import "@fontsource/ibm-plex-mono/latin-500.css";
// In a layer of their own, so that the console's styles win in whatever order files arrive.
import "@mantine/core/styles/baseline.layer.css";
import "@mantine/core/styles/default-css-variables.layer.css";
import "@mantine/core/styles/global.layer.css";
import "@mantine/core/styles/UnstyledButton.layer.css";
import "@mantine/core/styles/CloseButton.layer.css";
import "@mantine/core/styles/Loader.layer.css";
import "@mantine/core/styles/Input.layer.css";
import "@mantine/core/styles/ActionIcon.layer.css";
import "@mantine/core/styles/Button.layer.css";
import "@mantine/core/styles/PasswordInput.layer.css";
import "@mantine/core/styles/Skeleton.layer.css";
import "./styles.css";
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError, reachability, tellWhenSignedOut } from "./api/client";
import { sessionQuery } from "./api/session";
import { createConsoleRouter } from "./routes";
import { resolveVariables, theme } from "./theme";

const RETRIES_MAX = 2;

const queryClient = new QueryClient({
  defaultOptions: {
    // The server is often on this very machine, which needs no network to be reached.
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      staleTime: 3_000,
      // Only what may pass by itself is tried again.
      retry: (failures, error) =>
        error instanceof ApiError && (error.status === 0 || error.status >= 502) && failures < RETRIES_MAX,
    },
  },
});
const router = createConsoleRouter(queryClient);

// The session ended while the console was open: sign in, then go on where it was.
tellWhenSignedOut(() => {
  if (router.state.location.pathname === "/sign-in") return;
  queryClient.removeQueries({ queryKey: sessionQuery.queryKey });
  router.navigate({ to: "/sign-in", search: { to: router.state.location.href } });
});

// What was missed while the server could not be reached is read again.
reachability.subscribe(() => {
  if (reachability.isLost()) return;
  queryClient.invalidateQueries();
  router.invalidate();
});

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={resolveVariables} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
