namespace FastStream.Runtime;

/// <summary>
/// The batch times at which a graph emits something even without input. A gap in the batch times is crossed from one
/// such time to the next, instead of running every time in it.
/// </summary>
/// <remarks>Used between batches, when no operator runs.</remarks>
internal sealed class DueTimes
{
    private readonly HashSet<TimeSpan> _slides = [];          // of windows and outputs, those longer than the batch interval
    private readonly HashSet<TimeSpan> _earlierSlides = [];   // of streams whose batches contain records of earlier batches
    // each returns the first time after a given one at which it emits something
    private readonly List<Func<BatchTime, BatchTime?>> _operators = [];
    private StreamingContext? _context;

    /// <summary>
    /// Adds an operator by a function that returns the first time after the given one, on the grid of its slide, at
    /// which its state emits records; null for none.
    /// </summary>
    public void Add(Func<BatchTime, BatchTime?> next) => _operators.Add(next);

    /// <summary>Adds the slides of the graph's streams and outputs.</summary>
    public void AddSlides(IEnumerable<DStream> streams, IEnumerable<OutputOperation> outputs)
    {
        foreach (DStream stream in streams)
        {
            _context = stream.Context;
            if (stream.IsWindow)
            {
                AddSlide(stream);
            }

            if (stream.GivesEarlier)
            {
                _earlierSlides.Add(stream.Slide);
            }
        }

        foreach (OutputOperation output in outputs)
        {
            AddSlide(output.Stream);
        }
    }

    /// <summary>The first time after a given one at which an operator or a slide is due.</summary>
    public BatchTime? Next(BatchTime after)
    {
        BatchTime? first = NextSlide(after);
        foreach (Func<BatchTime, BatchTime?> next in _operators)
        {
            if (next(after) is { } time && !(time >= first))
            {
                first = time;
            }
        }

        return first;
    }

    /// <summary>The first time after a given one at which a slide longer than the batch interval ends.</summary>
    public BatchTime? NextSlide(BatchTime after)
    {
        BatchTime? first = null;
        foreach (TimeSpan slide in _slides)
        {
            BatchTime time = after.Floor(slide, _context!.ZeroTime) + slide;
            first = time >= first ? first : time;
        }

        return first;
    }

    /// <summary>
    /// Whether a batch of this time emits records of earlier batches: a window ends, or states may time out.
    /// </summary>
    public bool HasEarlierAt(BatchTime time) => _earlierSlides.Any(slide => time.IsValid(slide, _context!.ZeroTime));

    private void AddSlide(DStream stream)
    {
        if (stream.Slide > stream.Context.Options.BatchInterval)
        {
            _slides.Add(stream.Slide);
        }
    }
}
