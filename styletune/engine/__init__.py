"""The engine: the only room that imports Keras.

    architecture  what the feature networks look like
    weights       where their kernels come from
    network       the Keras model from picture to features
    losses        content, style and smoothness as Keras layers
    optimizers    Adam on the normalised gradient
    model         the Keras model whose kernel is the painting
    stepping      one optimisation step after another, on each backend
    calibration   equal faders pull equally
    average       the average of the last steps' pictures
    scales        sizes that grow by √2, and resampling from one to the next
    watch         tells a healthy loss from an exploding one
    color         colours as shown
    styles        Gram matrices of the style pictures, and their blend
    depths        no step deeper than the deepest term that counts
    lbfgs         L-BFGS within bounds, for objectives that stand still
    schedule      learning rates of paintings that end
    state         all that a painting is at a step
    init          the picture that a painting starts from
    mix           what the controls say, as numbers for the next steps
    solver        network, model, optimizer and compiled steps of one size
    rollback      the pictures to go back to when a painting diverges
    display       what people see of a painting
    painter       a painting in progress: pictures, controls, steps
    canvas        a size, and the source pictures brought to it
    studio        a picture painted once, coarse to fine
    making        a painter built in the background
    gallery       the session's pictures as arrays
    pace          how many steps an epoch holds
    device        what is TensorFlow's or JAX' own: device, memory, threads
    chatter       TensorFlow's start-up lines, kept off the terminal
    worker        the process that paints for ever

Knows nothing about sockets and MIDI.
"""
