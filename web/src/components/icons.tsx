/** The icons: 16 by 16, stroked with the colour of the text, hidden from screen readers (the text beside them speaks). */

import type { ReactNode } from "react";

export interface IconProps {
  size?: number;
}

function Icon({ size = 16, children }: IconProps & { children: ReactNode }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      style={{ flex: "none" }}
    >
      {children}
    </svg>
  );
}

export const HomeIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M2.5 7.2 8 2.5l5.5 4.7V13a.5.5 0 0 1-.5.5H10V9.5H6v4H3a.5.5 0 0 1-.5-.5Z" />
  </Icon>
);
export const JobsIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m5 4.5-3 3.5 3 3.5M11 4.5l3 3.5-3 3.5M9.3 3l-2.6 10" />
  </Icon>
);
export const DeploymentsIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M1.5 5c1.8-1.8 3.6-1.8 5.4 0s3.6 1.8 5.4 0c.8-.8 1.5-1.2 2.2-1.3" />
    <path d="M1.5 9c1.8-1.8 3.6-1.8 5.4 0s3.6 1.8 5.4 0c.8-.8 1.5-1.2 2.2-1.3" />
    <path d="M1.5 13c1.8-1.8 3.6-1.8 5.4 0s3.6 1.8 5.4 0c.8-.8 1.5-1.2 2.2-1.3" />
  </Icon>
);
export const CatalogIcon = (props: IconProps) => (
  <Icon {...props}>
    <ellipse cx="8" cy="3.7" rx="5" ry="1.9" />
    <path d="M3 3.7v8.6c0 1 2.2 1.9 5 1.9s5-.9 5-1.9V3.7M3 8c0 1 2.2 1.9 5 1.9S13 9 13 8" />
  </Icon>
);
export const ConnectionsIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M5.5 1.5v3M10.5 1.5v3M3.8 4.5h8.4V7A4.2 4.2 0 0 1 8 11.2 4.2 4.2 0 0 1 3.8 7ZM8 11.2v3.3" />
  </Icon>
);
export const SecretsIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="5" cy="8" r="3" />
    <path d="M8 8h6.5M12 8v2.5M14.5 8v2" />
  </Icon>
);
export const MembersIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="6" cy="5" r="2.5" />
    <path d="M1.5 13.5c.3-2.6 2-4 4.5-4s4.2 1.4 4.5 4M10.5 2.7a2.5 2.5 0 0 1 0 4.6M12 9.8c1.5.5 2.3 1.7 2.5 3.7" />
  </Icon>
);
export const TokensIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="1.8" y="4" width="12.4" height="8" rx="1.5" />
    <path d="M4.5 6.5v3M6.5 6.5v3M8.5 9.5h3" />
  </Icon>
);
export const AuditIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M3.5 1.8h9v12.4l-2.2-1.3L8 14.2l-2.3-1.3-2.2 1.3ZM6 5.2h4M6 8h4" />
  </Icon>
);
export const UsersIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="8" cy="5" r="2.8" />
    <path d="M2.8 14c.4-3 2.3-4.5 5.2-4.5s4.8 1.5 5.2 4.5" />
  </Icon>
);
export const ClustersIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="2" y="2.5" width="12" height="4.5" rx="1" />
    <rect x="2" y="9" width="12" height="4.5" rx="1" />
    <path d="M4.7 4.75h.01M4.7 11.25h.01" strokeWidth="1.8" />
  </Icon>
);
export const SearchIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="7" cy="7" r="4.5" />
    <path d="m10.5 10.5 3.5 3.5" />
  </Icon>
);
export const PlusIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M8 3v10M3 8h10" />
  </Icon>
);
export const PlayIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M5 3.2v9.6l7.5-4.8Z" fill="currentColor" />
  </Icon>
);
export const PauseIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M5.5 3.5v9M10.5 3.5v9" strokeWidth="2" />
  </Icon>
);
export const StopIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="4" y="4" width="8" height="8" rx="1" fill="currentColor" />
  </Icon>
);
export const DeployIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M8 10.5V2.5M4.8 5.5 8 2.3l3.2 3.2M2.5 10.5v2a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1v-2" />
  </Icon>
);
export const SaveVersionIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="8" cy="8" r="2.5" />
    <path d="M1.5 8h4M10.5 8h4" />
  </Icon>
);
export const MoreIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth="2.2" />
  </Icon>
);
export const CheckIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m3 8.5 3.2 3.2L13 4.8" />
  </Icon>
);
export const CrossIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m4 4 8 8M12 4l-8 8" />
  </Icon>
);
export const WarningIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M8 2.2 14.5 13.5h-13ZM8 6.5v3.2M8 11.6h.01" />
  </Icon>
);
export const InfoIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="8" cy="8" r="6" />
    <path d="M8 7.3v3.7M8 5h.01" />
  </Icon>
);
export const ChevronRightIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m6 3.5 4.5 4.5L6 12.5" />
  </Icon>
);
export const ChevronDownIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m3.5 6 4.5 4.5L12.5 6" />
  </Icon>
);
export const ChevronUpDownIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m5 6.2 3-3 3 3M5 9.8l3 3 3-3" />
  </Icon>
);
export const TrashIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M2.5 4h11M6 4V2.3h4V4M4 4l.7 9.7h6.6L12 4M6.7 6.8v4M9.3 6.8v4" />
  </Icon>
);
export const EditIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m10.8 2.7 2.5 2.5L5.5 13 2.3 13.7 3 10.5Z" />
  </Icon>
);
export const CopyIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="5.5" y="5.5" width="8" height="8" rx="1.2" />
    <path d="M3.5 10.5h-.2a.8.8 0 0 1-.8-.8V3.3a.8.8 0 0 1 .8-.8h6.4a.8.8 0 0 1 .8.8v.2" />
  </Icon>
);
export const SunIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="8" cy="8" r="2.8" />
    <path d="M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9" />
  </Icon>
);
export const MoonIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M13.5 9.7A5.8 5.8 0 0 1 6.3 2.5a5.8 5.8 0 1 0 7.2 7.2Z" />
  </Icon>
);
export const SignOutIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M6.5 2.5h-3a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1h3M10.5 5l3 3-3 3M13.5 8h-7" />
  </Icon>
);
export const HistoryIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M2.2 8A5.8 5.8 0 1 0 4 3.8L2.2 5.5M2.2 2.3v3.2h3.2M8 5v3.3l2.2 1.3" />
  </Icon>
);
export const TableIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="2" y="3" width="12" height="10" rx="1" />
    <path d="M2 6.3h12M6.3 6.3V13" />
  </Icon>
);
export const ViewIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M1.5 8C3 5 5.2 3.5 8 3.5S13 5 14.5 8C13 11 10.8 12.5 8 12.5S3 11 1.5 8Z" />
    <circle cx="8" cy="8" r="1.9" />
  </Icon>
);
export const RefreshIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M13.5 8A5.5 5.5 0 1 1 11.8 4l1.7 1.6M13.5 2.3v3.3h-3.3" />
  </Icon>
);
export const DownloadIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M8 2.5v7.8M4.8 7.3 8 10.5l3.2-3.2M2.5 11.5v1.5a.5.5 0 0 0 .5.5h10a.5.5 0 0 0 .5-.5v-1.5" />
  </Icon>
);
export const UploadIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M8 10.5V2.7M4.8 5.7 8 2.5l3.2 3.2M2.5 11.5v1.5a.5.5 0 0 0 .5.5h10a.5.5 0 0 0 .5-.5v-1.5" />
  </Icon>
);
export const FolderIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M2 12.5v-9a.5.5 0 0 1 .5-.5h3.4l1.6 1.8h6a.5.5 0 0 1 .5.5v7.2a.5.5 0 0 1-.5.5h-11a.5.5 0 0 1-.5-.5Z" />
  </Icon>
);
export const WorkspaceIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="2.5" y="2.5" width="4.4" height="4.4" rx="0.8" />
    <rect x="9.1" y="2.5" width="4.4" height="4.4" rx="0.8" />
    <rect x="2.5" y="9.1" width="4.4" height="4.4" rx="0.8" />
    <rect x="9.1" y="9.1" width="4.4" height="4.4" rx="0.8" />
  </Icon>
);
export const LockIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="3.5" y="7" width="9" height="6.5" rx="1" />
    <path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2" />
  </Icon>
);
