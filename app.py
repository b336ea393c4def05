"""The application, and `python app.py` to serve it."""

from legaled import create_app

if __name__ == "__main__":
    from legaled.start import main

    main()
else:
    app = create_app()
