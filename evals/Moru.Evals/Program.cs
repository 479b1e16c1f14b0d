Console.Error.WriteLine("This version of Moru has no evaluation tasks.");
return 1;
