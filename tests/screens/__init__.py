"""What a person sees: Streamlit's AppTest on the real shell, a real studio, a folder that is thrown away."""
