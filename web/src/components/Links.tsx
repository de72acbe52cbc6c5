/** Mantine's controls as links of the router: typed targets, real anchors. */

import { Anchor, type AnchorProps, Button, type ButtonProps, Menu, type MenuItemProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { ComponentProps } from "react";

type AnchorElement = Omit<ComponentProps<"a">, "color" | "style">;

export const LinkButton = createLink((props: ButtonProps & AnchorElement) => (
  <Button component="a" {...props} />
));
export const LinkAnchor = createLink((props: AnchorProps & AnchorElement) => <Anchor {...props} />);
export const LinkMenuItem = createLink((props: MenuItemProps & AnchorElement) => (
  <Menu.Item component="a" {...props} />
));
