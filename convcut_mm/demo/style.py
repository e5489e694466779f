"""The page's style sheet; colours are Gradio's variables, so that dark mode works."""

from ..utils.plotting import OKABE_ITO

ACCENT = OKABE_ITO[0]

CSS = f"""
.gradio-container {{ width: 100% !important; max-width: 1160px !important;
    margin: 0 auto !important; }}
.html-container {{ padding: 0 !important; }}
footer {{ display: none !important; }}
.cc-head h1 {{ font-size: 1.9rem; line-height: 1.2; margin: 0.4rem 0 0.5rem; }}
.cc-head p {{ margin: 0; color: var(--body-text-color); opacity: 0.75; max-width: 46rem; }}
.cc-foot p {{ font-size: 0.85rem; margin: 0.5rem 0; color: var(--body-text-color); opacity: 0.75;
    max-width: 46rem; }}
.cc-note {{ border: 1px solid var(--border-color-primary); border-radius: 12px;
    padding: 1.1rem 1.3rem; background: var(--block-background-fill); }}
.cc-note p {{ margin: 0.3rem 0 0; }}
.cc-welcome {{ min-height: 12rem; display: flex; flex-direction: column; align-items: center;
    justify-content: center; text-align: center; color: var(--body-text-color); opacity: 0.75;
    border-style: dashed; }}
.cc-problem {{ border-left: 5px solid {OKABE_ITO[3]}; }}
.cc-photo {{ position: relative; width: fit-content; margin: 0 auto; line-height: 0; }}
.cc-photo img {{ max-width: 100%; max-height: 22rem; border-radius: 12px; display: block; }}
.cc-box {{ position: absolute; border: 3px solid {ACCENT}; border-radius: 6px;
    box-shadow: 0 0 0 1px rgba(255, 255, 255, 0.85), inset 0 0 0 1px rgba(255, 255, 255, 0.85); }}
.cc-box span {{ position: absolute; left: -3px; bottom: 100%; background: {ACCENT}; color: white;
    font-size: 0.8rem; line-height: 1.2; font-weight: 600; padding: 2px 7px;
    border-radius: 6px 6px 6px 0; white-space: nowrap; }}
.cc-box.cc-inside span {{ bottom: auto; top: 0; left: 0; border-radius: 0 0 6px 0; }}
.cc-count {{ margin: 0.5rem 0 0.7rem; text-align: center; font-size: 0.85rem;
    color: var(--body-text-color); opacity: 0.75; }}
.cc-cards {{ display: grid; gap: 0.8rem; }}
.cc-card {{ display: flex; flex-wrap: wrap; gap: 1.2rem; padding: 1rem 1.1rem;
    border: 1px solid var(--border-color-primary); border-radius: 12px;
    background: var(--block-background-fill); }}
.cc-pictures {{ display: flex; gap: 0.7rem; }}
.cc-pictures figure {{ margin: 0; width: 112px; }}
.cc-pictures img {{ width: 112px; height: 112px; border-radius: 8px; display: block; }}
.cc-pictures figcaption {{ font-size: 0.75rem; line-height: 1.25; margin-top: 0.3rem;
    color: var(--body-text-color); opacity: 0.75; }}
.cc-answer {{ flex: 1 1 14rem; min-width: 0; }}
.cc-answer h3 {{ margin: 0 0 0.5rem; font-size: 1.25rem; line-height: 1.2; }}
.cc-answer small {{ font-weight: 400; color: var(--body-text-color); opacity: 0.75; }}
.cc-number {{ display: inline-block; min-width: 1.5rem; margin-right: 0.5rem; text-align: center;
    border-radius: 6px; background: {ACCENT}; color: white; font-size: 0.95rem; }}
.cc-bars {{ list-style: none; margin: 0; padding: 0; }}
.cc-bars li {{ display: grid; grid-template-columns: 6rem 1fr 3.2rem; gap: 0.6rem;
    align-items: center; font-size: 0.9rem; line-height: 1.55; margin: 0; }}
.cc-name {{ overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }}
.cc-track {{ height: 0.65rem; border-radius: 999px; overflow: hidden;
    background: var(--border-color-primary); }}
.cc-track span {{ display: block; height: 100%; border-radius: 999px;
    background: {OKABE_ITO[4]}; }}
.cc-bars li:first-child {{ font-weight: 600; }}
.cc-bars li:first-child .cc-track span {{ background: {ACCENT}; }}
.cc-value {{ text-align: right; font-variant-numeric: tabular-nums; }}
"""
