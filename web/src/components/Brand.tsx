/** The mark and the name. */

export function BrandMark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" aria-hidden="true">
      <g strokeLinecap="round" strokeWidth="2.6">
        <path d="M5 11.2c3.7-3.6 7.3-3.6 11 0s7.3 3.6 11 0" stroke="#5ccfc4" />
        <path d="M5 18.2c3.7-3.6 7.3-3.6 11 0s7.3 3.6 11 0" stroke="#5ccfc4" opacity="0.68" />
        <path d="M5 25.2c3.7-3.6 7.3-3.6 11 0s7.3 3.6 11 0" stroke="#5ccfc4" opacity="0.36" />
      </g>
    </svg>
  );
}
